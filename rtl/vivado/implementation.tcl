# Placement and routing, their reports, and the verdict. Only a design that meets its clock gets a bitstream.
proc implement {} {
    launch_runs impl_1 -to_step route_design -jobs 4
    wait_on_run impl_1
    check_run impl_1 route_design
}

# Write the reports, then fail on a net that is not routed or on negative slack.
proc check_implementation {overlay} {
    set reports [file join [dict get $overlay work] reports]
    file mkdir $reports
    open_run impl_1
    report_utilization -file [file join $reports utilization.rpt]
    report_utilization -hierarchical -file [file join $reports utilization_hierarchical.rpt]
    report_timing_summary -file [file join $reports timing_summary.rpt]
    report_route_status -file [file join $reports route_status.rpt]
    close_design

    set unrouted [run_number STATS.FAILED_NETS]
    if {$unrouted != 0} {
        error "$unrouted nets are not routed; see $reports/route_status.rpt"
    }
    foreach {property what} {STATS.WNS setup STATS.WHS hold} {
        set slack [run_number $property]
        puts "worst slack, $what: $slack ns"
        if {$slack < 0} {
            error "the $what slack is $slack ns: lower the clock or raise the interval; see $reports/timing_summary.rpt"
        }
    }
}

# A number that implementation left behind; none is an error.
proc run_number {property} {
    set value [get_property $property [get_runs impl_1]]
    if {![string is double -strict $value]} {
        error "implementation gave no $property"
    }
    return $value
}

proc write_bitstream_of_run {} {
    launch_runs impl_1 -to_step write_bitstream -jobs 4
    wait_on_run impl_1
    check_run impl_1 write_bitstream
}

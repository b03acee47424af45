# The clock of a net alone, as Vivado sees it: the module that `bittrue verilog` printed, synthesised, placed and routed
# out of context for the PYNQ-Z1's part, without a design around it:
#
#   vivado -mode batch -source rtl/vivado/out_of_context.tcl -tclargs MODULE.v [MHZ]
#
# MHZ is 200 where it is not given. The memory files MODULE.*.mem are taken from beside the Verilog. Reports go to
# MODULE_ooc beside it. Ports count for nothing: paths that begin or end there have no constraint. Exit code 1 where the
# clock is missed or anything fails.

source [file join [file dirname [file normalize [info script]]] clock_constraint.tcl]

proc out_of_context {verilog mhz} {
    if {![string is double -strict $mhz] || $mhz <= 0} {
        error "'$mhz' is no frequency in MHz"
    }
    set module [file rootname [file tail $verilog]]
    set reports [file join [file dirname $verilog] ${module}_ooc]
    file mkdir $reports
    create_project -in_memory -part xc7z020clg400-1
    read_verilog $verilog
    foreach path [glob -nocomplain [file rootname $verilog].*.mem] {
        read_mem $path
    }
    set constraints [file join $reports $module.xdc]
    write_clock_constraint $constraints clk $mhz
    read_xdc -mode out_of_context $constraints

    synth_design -top $module -part xc7z020clg400-1 -mode out_of_context
    opt_design
    place_design
    route_design
    report_utilization -file [file join $reports utilization.rpt]
    report_timing_summary -file [file join $reports timing_summary.rpt]
    judge_slack $reports $mhz
}

# Say the worst slack, and fail on a negative one.
proc judge_slack {reports mhz} {
    set path [get_timing_paths -setup -max_paths 1]
    if {$path eq ""} {
        error "no path is constrained; see $reports/timing_summary.rpt"
    }
    set slack [get_property SLACK $path]
    puts "worst slack at $mhz MHz: $slack ns"
    if {$slack < 0} {
        error "the clock of $mhz MHz is missed by [expr {-$slack}] ns; see $reports/timing_summary.rpt"
    }
}

if {[llength $argv] ni {1 2}} {
    puts "ERROR: give MODULE.v as bittrue verilog printed it, and MHz if not 200"
    exit 1
}
lassign [concat $argv 200] verilog mhz
if {[catch {out_of_context [file normalize $verilog] $mhz} message]} {
    puts "ERROR: $message"
    exit 1
}

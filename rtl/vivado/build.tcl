# The overlay of one net for the PYNQ-Z1, from the generated Verilog to the bitstream:
#
#   vivado -mode batch -source rtl/vivado/build.tcl -tclargs FOLDER
#
# FOLDER is what `bittrue overlay` wrote. Work files go to FOLDER/vivado, the results to FOLDER/overlay.
# Each step is a procedure in a file of its own. The first error ends the run with exit code 1.

set scripts [file dirname [file normalize [info script]]]
foreach step {
    project clock_constraint package_shell package_hdmi ps7 block_design source_design weights video addresses synthesis
    implementation export
} {
    source [file join $scripts $step.tcl]
}

proc build_overlay {folder} {
    source [file join $folder rtl overlay.tcl]
    dict set overlay folder $folder
    dict set overlay work [file join $folder vivado]
    file mkdir [dict get $overlay work]

    check_version
    package_shell $overlay
    if {[dict get $overlay video]} {
        package_hdmi $overlay
    }
    create_overlay_project $overlay
    if {[dict get $overlay source]} {
        create_source_design $overlay
    } else {
        create_block_design $overlay
    }
    if {[dict get $overlay weights]} {
        create_weights $overlay
    }
    if {[dict get $overlay video]} {
        create_video $overlay
    }
    assign_addresses $overlay
    finish_block_design $overlay
    synthesise
    implement
    check_implementation $overlay
    write_bitstream_of_run
    export_overlay $overlay
}

if {[llength $argv] != 1} {
    puts "ERROR: give one argument, the folder that bittrue overlay wrote"
    exit 1
}
if {[catch {build_overlay [file normalize [lindex $argv 0]]} message]} {
    puts "ERROR: $message"
    exit 1
}

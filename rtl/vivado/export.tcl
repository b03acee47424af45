# Bitstream and hand-off file, under one stem, into FOLDER/overlay; and the hardware platform beside the work files.
#
# Both are copied whole under other names first and renamed when they are there, so a run that ends early leaves the old
# pair. What is valid is said by the hashes that `bittrue overlay --build` writes into the manifest at the end.
proc export_overlay {overlay} {
    set work [dict get $overlay work]
    set design [dict get $overlay design]
    set stem [dict get $overlay stem]
    write_hw_platform -fixed -include_bit -force -file [file join $work $stem.xsa]

    set bit [file join [get_property DIRECTORY [get_runs impl_1]] ${design}_wrapper.bit]
    # Vivado 2020.2 and later write the hand-off file under .gen
    set hwh [file join $work project overlay.gen sources_1 bd $design hw_handoff $design.hwh]
    foreach path [list $bit $hwh] {
        if {![file isfile $path]} {
            error "Vivado has not written $path"
        }
    }
    set target [file join [dict get $overlay folder] overlay $stem]
    file copy -force $bit $target.bit.part
    file copy -force $hwh $target.hwh.part
    file rename -force $target.hwh.part $target.hwh
    file rename -force $target.bit.part $target.bit
    puts "wrote $target.bit and $target.hwh"
}

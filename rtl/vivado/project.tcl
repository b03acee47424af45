# The project: a part and no board files, so a fresh installation of Vivado will do.

# The Vivado that these scripts are written for is that of the board's image 3.1. Another one may do: every IP is asked
# for with its version, and Vivado refuses one that it does not have.
proc check_version {} {
    set expected 2024.1
    set found [version -short]
    if {![string match $expected* $found]} {
        puts "WARNING: written for Vivado $expected, this is $found"
    }
}

# An empty project that knows the packaged shell.
#
# Without HDMI the design has no file of constraints, because there is nothing to constrain by hand: the clocks come
# from the processing system, whose IP constrains them; DDR and FIXED_IO are pins of the processing system and have
# their places; no pin of the programmable logic is used; and what crosses from one clock to the other does so in IPs
# that bring their own. With HDMI, hdmi.xdc places its pins. What is packaged has one for its synthesis alone.
proc create_overlay_project {overlay} {
    set work [dict get $overlay work]
    create_project overlay [file join $work project] -part [dict get $overlay part] -force
    set_property target_language Verilog [current_project]
    set repositories [list [file join $work ip]]
    if {[dict get $overlay video]} {
        lappend repositories [file join $work hdmi_ip]
        add_files -norecurse -fileset constrs_1 [file join $::scripts hdmi.xdc]
    }
    set_property ip_repo_paths $repositories [current_project]
    update_ip_catalog
    if {[get_ipdefs [dict get $overlay vlnv]] eq ""} {
        error "the packaged shell [dict get $overlay vlnv] is not in the IP catalogue"
    }
}

# Synthesis of the design and of every IP in it.
proc synthesise {} {
    launch_runs synth_1 -jobs 4
    wait_on_run synth_1
    check_run synth_1 synth_design
}

# End with an error unless a run has finished a step. A missed clock is judged by check_implementation.
proc check_run {run step} {
    set status [get_property STATUS [get_runs $run]]
    if {![string match "$step Complete*" $status]} {
        error "$run has not finished $step: $status; see [get_property DIRECTORY [get_runs $run]]/runme.log"
    }
}

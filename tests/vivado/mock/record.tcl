# The recorded design as JSON.
proc quoted {text} {
    return "\"[string map {\\ \\\\ \" \\\" \n \\n \t \\t} $text]\""
}

proc object {pairs} {
    set parts {}
    foreach {key value} $pairs {
        lappend parts "[quoted $key]: $value"
    }
    return "{[join $parts {, }]}"
}

proc array_of {items} {
    return "\[[join $items {, }]\]"
}

proc strings {texts} {
    set items {}
    foreach text $texts {
        lappend items [quoted $text]
    }
    return [array_of $items]
}

proc record {} {
    if {$::alone} {
        return [object [list top [quoted $::top] periods [object $::periods]]]
    }
    set found {}
    dict for {name own} $::cells {
        set config {}
        dict for {key value} [dict get $own given] {
            lappend config $key [quoted $value]
        }
        set widths {}
        foreach {interface spec} [interfaces_of $name] {
            lappend widths $interface [lindex $spec 4]
        }
        lappend found [shown $name] [object [list vlnv [quoted [dict get $own vlnv]] config [object $config] \
            widths [object $widths]]]
    }
    set nets {}
    foreach net $::nets {
        set driver [driver_of [lindex $net 0]]
        set loads {}
        foreach pin $net {
            if {$pin ne $driver} {
                lappend loads [shown $pin]
            }
        }
        lappend nets [object [list kind [quoted [lindex [pin_spec $driver] 1]] driver [quoted [shown $driver]] loads [strings $loads]]]
    }
    set links {}
    foreach link $::links {
        lappend links [strings [list [shown [name_of [lindex $link 0]]] [shown [name_of [lindex $link 1]]]]]
    }
    set map {}
    foreach entry $::addresses {
        lassign $entry space segment offset range
        lappend map [object [list space [quoted [shown $space]] segment [quoted [shown $segment]] offset $offset range $range]]
    }
    return [object [list design [quoted $::bd] part [quoted [get_own $::project PART]] cells [object $found] \
        nets [array_of $nets] links [array_of $links] addresses [array_of $map] \
        periods [object [dict get $::packaged [dict get $::cells net vlnv] periods]]]]
}

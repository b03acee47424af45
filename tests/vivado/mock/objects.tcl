# Objects that Vivado commands give and take. A handle is "kind:name"; a command that wants an object of a kind takes no
# other, and no bare name either.

# Properties of objects: dictionary by handle.
set properties [dict create]

proc make_object {kind name args} {
    set handle $kind:$name
    dict set ::properties $handle [dict create NAME $name {*}$args]
    return $handle
}

proc object_exists {handle} {
    return [dict exists $::properties $handle]
}

proc kind_of {handle} {
    return [lindex [split $handle :] 0]
}

proc name_of {handle} {
    return [dict get $::properties $handle NAME]
}

# One object of one of the kinds, or an error.
proc want {handle kinds} {
    if {$handle eq ""} {
        error "an object ([join $kinds { or }]) is wanted and nothing is given"
    }
    if {![object_exists $handle] || [kind_of $handle] ni $kinds} {
        error "'$handle' is not an object of kind [join $kinds { or }]"
    }
    return $handle
}

# Names of properties are not case-sensitive in Vivado.
proc get_own {handle property} {
    set property [string toupper $property]
    if {![dict exists $::properties $handle $property]} {
        error "[kind_of $handle] has no property $property"
    }
    return [dict get $::properties $handle $property]
}

proc set_own {handle property value} {
    dict set ::properties $handle [string toupper $property] $value
}

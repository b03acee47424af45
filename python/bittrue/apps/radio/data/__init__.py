"""RadioMapSeer folders: what lies where, under which published name, in which split."""

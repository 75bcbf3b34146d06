package config

// Groups reads haresources as ResourceManager does: it finds no fault with anything.
func Groups(data []byte) []Group { return groups(physicalLines(data)) }

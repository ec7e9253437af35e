package config

// States tells whether somebody has chosen a key (without VOUCHSAFE_), in the environment or in the
// file, rather than left it at its default. The configuration must be one that Load takes.
func States(getenv func(string) string, file, name string) (bool, error) {
	sources := []source{environment(getenv)}
	if file != "" {
		fromFile, err := readYAML(file)
		if err != nil {
			return false, err
		}
		sources = append(sources, fromFile)
	}
	for _, from := range sources {
		text, err := from.find(name)
		if err != nil || text != "" {
			return text != "", err
		}
	}
	return false, nil
}

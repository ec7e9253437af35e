package retail

// Waiting tells how many webhooks wait for those before them to be stored.
func (s *Sales) Waiting() int {
	s.intake.mu.Lock()
	defer s.intake.mu.Unlock()
	return len(s.intake.waiting)
}

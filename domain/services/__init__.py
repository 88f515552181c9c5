"""Use cases, named by verbs: the only place where rules and storage meet. A service never commits."""

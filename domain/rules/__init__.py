"""Pure decisions: facts, policy and `now` in, decision out. No SQL, no clock, no Streamlit."""

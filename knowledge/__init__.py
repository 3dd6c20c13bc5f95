"""Policy: the plans, their clauses and provisions, finding and answering. It knows no tickets and no channels."""

"""What a backup keeps of itself, in `.auditor`: its record, its generations, its index, its journals."""

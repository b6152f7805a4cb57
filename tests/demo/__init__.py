"""What is true of the demo grocer alone; these tests go with it."""

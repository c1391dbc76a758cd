"""What can be asked of the service, however it is asked."""

"""What a law states and what an operation does, independent of the number system."""

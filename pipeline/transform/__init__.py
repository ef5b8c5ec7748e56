"""Transform: plain SQL files become views and tables, in the order of what they read, then checks guard them."""

"""The four sides of a conversation, one file a side: each looks at one operation through one client."""

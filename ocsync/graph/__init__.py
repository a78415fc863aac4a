"""Libre Graph: users, and spaces as drives, in OData-shaped JSON."""

"""Who asks: credentials in a request, and what they prove.

`credentials` reads the Authorization header, `authenticators` ask the accounts,
`guard` stands before each mount and answers 401 with the right challenges.
"""

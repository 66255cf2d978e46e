"""The actions of STS that credentials need, and how they are called."""

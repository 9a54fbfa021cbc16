"""The pages of people who are not logged in: a shop's web form, and the status page behind a link."""

"""All results: the verdict, the document, the page, JUnit XML, the badge."""

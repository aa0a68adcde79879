"""From a template of the Serverless Application Model to the beginning of a document."""

"""What a deployment would change: two assemblies, or an assembly and a template, compared."""

def create(event, context):
    return event

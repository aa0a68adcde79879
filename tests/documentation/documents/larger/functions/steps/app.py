def reserve(event, context):
    return event

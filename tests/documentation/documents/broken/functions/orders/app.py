def create(event, context):
    return event


def read(event, context):
    return {"statusCode": 200}

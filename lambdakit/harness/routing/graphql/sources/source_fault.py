"""A data source's error, which a response handler finds as `ctx.error`."""


class SourceFault(Exception):
    """A data source could not do what it was asked, or said so.

    error_type: such as `Lambda:Unhandled` or `DynamoDB:ConditionalCheckFailedException`. data: what there is all the
    same. error_info: more about it.
    """

    def __init__(self, message: str, error_type: str, *, data: object = None, error_info: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.data = data
        self.error_info = error_info

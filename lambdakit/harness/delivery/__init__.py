"""What services push: from a change in one of them to the function, queue or stream that is to hear of it.

    a write to a service -> its file here makes an event -> `deliveries` sends it to a target, as the service's own
      principal or as a role, tries again as the service would, and puts what is not taken into a dead-letter queue

Source: AWS Lambda Developer Guide, "Invoking Lambda with events from other AWS services".
"""

"""The device room: rules and models. It knows nothing of Kafka."""

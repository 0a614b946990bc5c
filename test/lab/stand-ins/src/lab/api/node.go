package api

// NodeAddress is a node's InternalIP.
func NodeAddress(node Object) string {
	addresses, _ := At(node, "status", "addresses").([]interface{})
	for _, each := range addresses {
		if address, is := each.(Object); is && address["type"] == "InternalIP" {
			return Text(address, "address")
		}
	}
	return ""
}

// NodeIsReady tells whether a node's condition says Ready.
func NodeIsReady(node Object) bool {
	conditions, _ := At(node, "status", "conditions").([]interface{})
	for _, each := range conditions {
		if condition, is := each.(Object); is && condition["type"] == "Ready" {
			return condition["status"] == "True"
		}
	}
	return false
}

package msklambda

import "testing"

// IAM needs the subnet of a new interface beside the interface: narrowed to the
// subnets that a connection does not name, the pollers could make none.
func TestInterfacesOverAConnectionCannotBeRestricted(t *testing.T) {
	connected := &ClusterProps{
		ClusterARN:       "arn:aws:kafka:us-east-1:444455556666:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2",
		VPCConnectionARN: "arn:aws:kafka:us-east-1:111122223333:vpc-connection/444455556666/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2",
	}
	consumer := goodConsumer()
	check(t, connected.ValidateConsumer(consumer), "")
	consumer.RestrictNetworkInterfaces = true
	check(t, goodCluster().ValidateConsumer(consumer), "")
	check(t, connected.ValidateConsumer(consumer), "RestrictNetworkInterfaces must not be set with VPCConnectionARN")
}

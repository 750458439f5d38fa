using Hnv.Model.Resources;

namespace Hnv.Controller.Learning;

internal static class ModelShim
{
    extension(Port port)
    {
        public uint DynamicAddressLimit => port.Vsid == 0 ? 0u : 1024u;

        public bool Learns(VirtualSubnet subnet) => subnet.Vsid != 0 && port.Vsid != 0;
    }
}

namespace Hnv.Datapath.Programs;

/// <summary>Names of the programs that this side attaches (C functions in bpf/; the kernel keeps 15 characters).</summary>
internal static class ProgramNames
{
    /// <summary>Frames from a VM.</summary>
    public const string PortIngress = "port_ingress";

    /// <summary>Guard: nothing passes into a port that the data plane did not send.</summary>
    public const string PortEgress = "port_egress";

    /// <summary>Both directions of a port that is bound no more.</summary>
    public const string Unbound = "unbound";

    /// <summary>Frames from the provider network.</summary>
    public const string UplinkIngress = "uplink_ingress";

    /// <summary>Clean frames, on their way out of the segmenting normaliser to a tap.</summary>
    public const string Normaliser = "normaliser";

    /// <summary>Frames that the kernel unwrapped, on their way out of the normaliser to a tap.</summary>
    public const string NormaliserExit = "normaliser_exit";

    /// <summary>Run, not attached: lets a frame enter at a port.</summary>
    public const string Inject = "inject";
}

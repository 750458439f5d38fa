using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Desired;

/// <summary>A network that is realised on this host; one object a network, compared by its identifier.</summary>
/// <param name="id">Routing domain identifier.</param>
/// <param name="rd">Host-local number of the routing domain; 0 for the host's own scope.</param>
internal sealed class NetworkRef(Guid id, uint rd)
{
    public Guid Id => id;

    public uint Rd => rd;

    /// <summary>How its frames travel.</summary>
    public Encapsulation Encapsulation { get; set; }
}

namespace Hnv.Controller.Identity;

/// <summary>
/// Who comes over a unix socket: root and the user that runs the controller are administrators, members of one group may read,
/// others are nobody. The kernel says who they are.
/// </summary>
/// <param name="readers">Number of the group whose members may read; null: of none.</param>
internal sealed class SocketUsers(uint? readers)
{
    /// <summary>The group that is taken where none is named and there is one of this name.</summary>
    public const string DefaultReaders = "hnv";

    /// <summary>Number of the group whose members may read; null: of none.</summary>
    public uint? Readers => readers;

    private const string GroupFile = "/etc/group";

    /// <param name="group">Name or number; null: <see cref="DefaultReaders"/>, if there is such a group.</param>
    /// <exception cref="ControllerStartException">There is no such group.</exception>
    public static SocketUsers Of(string? group)
    {
        if (uint.TryParse(group, System.Globalization.NumberStyles.None, null, out uint number))
        {
            return new SocketUsers(number);
        }

        uint? found = Find(group ?? DefaultReaders);
        return found is not null || group is null
            ? new SocketUsers(found)
            : throw new ControllerStartException($"--readers {group}: there is no group '{group}' in {GroupFile}; make it with 'groupadd {group}', or give the number of one that is elsewhere.");
    }

    public Principal PrincipalOf(PeerCredentials peer) => peer switch
    {
        { UserId: 0 } => Principal.Administrator,
        _ when peer.UserId == OwnUserId.Value => Principal.Administrator,
        _ when readers is { } group && (peer.GroupId == group || peer.Groups.Contains(group)) => new Principal.Reader(peer.UserId),
        _ => Principal.Nobody,
    };

    /// <summary>group(5): NAME:PASSWORD:GID:MEMBERS.</summary>
    private static uint? Find(string name) => File.ReadLines(GroupFile).Select(static l => l.Split(':'))
        .Where(f => f.Length >= 3 && f[0] == name).Select(static f => (uint?)uint.Parse(f[2], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
}

using System.Collections.Immutable;
using Hnv.Controller;
using Hnv.StateLog;

namespace Hnv.Cli.Configuration;

/// <summary>
/// Settings of a controller, from <c>/etc/hnv/controller.yaml</c>.
/// <code>
///   listen: [http://127.0.0.1:8640, https://0.0.0.0:8640]
///   store: sqlite:/var/lib/hnv/controller/state.db
///   readers: hnv
/// </code>
/// </summary>
/// <param name="Listen">Addresses; default: not set.</param>
/// <param name="Store">The state log; null: not set.</param>
/// <param name="Readers">Group whose members may read over unix sockets; null: not set.</param>
internal sealed record ControllerConfiguration(ImmutableArray<string> Listen, string? Store, string? Readers = null)
{
    /// <exception cref="CliException">Something is wrong; all of it, with file and line.</exception>
    public static ControllerConfiguration Read(string file)
    {
        ConfigurationDocument document = ConfigurationDocument.Read(file);
        document.Know("listen", "store", "readers");
        var settings = new ControllerConfiguration(document.List("listen"), document.Text("store"), document.Text("readers"));
        foreach (string address in settings.Listen.IsDefault ? [] : settings.Listen)
        {
            try
            {
                ControllerHost.CheckAddress(address);
            }
            catch (ControllerStartException e)
            {
                document.Add(document.Find("listen", address), e.Message.Replace("--listen ", string.Empty, StringComparison.Ordinal), null);
            }
        }

        if (settings.Listen is { IsDefault: false, IsEmpty: true })
        {
            document.Add("listen", "names no address", "http://127.0.0.1:8640 for administrators on this machine, https://ADDRESS:8640 for hosts");
        }

        try
        {
            _ = settings.Store is { } store ? StateLogFactory.FileOf(store) : null;
        }
        catch (StateLogException e)
        {
            document.Add("store", e.Message, null);
        }

        document.ThrowIfWrong();
        return settings;
    }
}

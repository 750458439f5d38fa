using System.CommandLine;
using Hnv.Api.Client;
using Hnv.Cli.Configuration;
using Hnv.Cli.Output;

namespace Hnv.Cli;

/// <summary>What a command works with: its arguments, the controller, and where results go.</summary>
internal sealed class CommandContext : IDisposable
{
    private readonly Lazy<HnvClient> _client;

    public CommandContext(CliEnvironment environment, ParseResult arguments)
    {
        Environment = environment;
        Arguments = arguments;
        Out = new ResultWriter(environment);
        Log = new ProgressWriter(environment);
        _client = new Lazy<HnvClient>(Connect);
    }

    public CliEnvironment Environment { get; }

    public ParseResult Arguments { get; }

    /// <summary>Where <see cref="Client"/> leads.</summary>
    public ControllerAddress Controller => Settings.Controller;

    /// <summary>How the controller is reached, and who says so.</summary>
    public ClientSettings Settings => field ??= ClientSettings.Of(Arguments, Environment);

    /// <summary>The controller's API; connected on first use.</summary>
    public HnvClient Client => _client.Value;

    /// <summary>The tenant whose names are meant; null: all tenants'.</summary>
    public string? Tenant => Settings.Tenant.Value;

    /// <summary>Results, on standard output.</summary>
    public ResultWriter Out { get; }

    /// <summary>Progress and remarks, on standard error.</summary>
    public ProgressWriter Log { get; }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private HnvClient Connect()
    {
        try
        {
            return Environment.Connect(new HnvClientOptions(
                Controller.Address, Credentials.ReadCertificate(Settings.Certificate, Settings.Key), Credentials.ReadAuthority(Settings.Ca))
            {
                Waiting = () => Log.Begin(() => $"Waiting for the controller at {Controller.Address}"),
            });
        }
        catch (FormatException e)
        {
            throw CliException.Usage(e.Message, null, $"address {Controller.Origin}");
        }
    }
}

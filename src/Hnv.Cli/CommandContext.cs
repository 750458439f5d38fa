using System.CommandLine;
using System.Security.Cryptography;
using Hnv.Api.Client;
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
    public ControllerAddress Controller => field ??= ControllerAddress.Find(Arguments.GetValue(SharedOptions.Controller), Environment);

    /// <summary>The controller's API; connected on first use.</summary>
    public HnvClient Client => _client.Value;

    /// <summary>Value of <c>--tenant</c>.</summary>
    public string? Tenant => Arguments.GetValue(SharedOptions.Tenant);

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
        string? File(Option<string?> option, string variable) => Arguments.GetValue(option) ?? Environment.Variable(variable);
        try
        {
            return Environment.Connect(HnvClientOptions.FromFiles(
                Controller.Address, File(SharedOptions.Certificate, "HNV_CERT"), File(SharedOptions.Key, "HNV_KEY"), File(SharedOptions.Ca, "HNV_CA")));
        }
        catch (FormatException e)
        {
            throw CliException.Usage(e.Message, null, $"address {Controller.Origin}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw CliException.Usage($"A certificate or key cannot be read: {e.Message}", "PEM files for --cert, --key and --ca (HNV_CERT, HNV_KEY, HNV_CA)");
        }
    }
}

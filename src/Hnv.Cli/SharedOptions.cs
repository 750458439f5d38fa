using System.CommandLine;
using Hnv.Cli.Completion;
using Hnv.Cli.Configuration;

namespace Hnv.Cli;

/// <summary>Options that several commands take: only those on which they act.</summary>
internal static class SharedOptions
{
    /// <summary>Where the controller is.</summary>
    public static Option<string?> Controller { get; } = new("--controller")
    {
        Description = "Address of the controller: http://…, https://… or unix:PATH (else HNV_CONTROLLER, the configuration's, the running lab's, http://127.0.0.1:8640)",
        HelpName = "URL",
        Recursive = true,
    };

    /// <summary>The scope of names.</summary>
    public static Option<string?> Tenant { get; } = new Option<string?>("--tenant")
    {
        Description = "Only this tenant; \"\" for all (else HNV_TENANT, the configuration's)",
        HelpName = "TENANT",
        Recursive = true,
    }.WithNames("tenant");

    /// <summary>For https: who is trusted.</summary>
    public static Option<string?> Ca { get; } = new("--ca") { Description = "With https: certificate authority, PEM (else HNV_CA)", HelpName = "FILE", Recursive = true };

    /// <summary>For https: who calls.</summary>
    public static Option<string?> Certificate { get; } = new("--cert") { Description = "With https: client certificate, PEM (else HNV_CERT)", HelpName = "FILE", Recursive = true };

    /// <summary>For https: the certificate's key.</summary>
    public static Option<string?> Key { get; } = new("--key") { Description = "With https: its private key, PEM (else HNV_KEY)", HelpName = "FILE", Recursive = true };

    /// <summary>Settings of those who ask a controller.</summary>
    public static Option<string?> Configuration { get; } = new("--config")
    {
        Description = $"Controller, certificates and tenant in YAML (else HNV_CONFIG, ~/.config/hnv/client.yaml, {SystemPaths.ClientSettings})",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>A new <c>--watch</c>.</summary>
    public static Option<bool> NewWatch() => new("--watch", "-w") { Description = "Go on and show every change, until Ctrl-C" };

    /// <summary>For commands that ask the controller, and their subcommands: where it is, who is trusted, who calls.</summary>
    public static Command WithController(this Command command) => command.With(Controller, Ca, Certificate, Key, Configuration);

    /// <summary>For commands of the controller whose names have a tenant's scope.</summary>
    public static Command WithTenant(this Command command) => command.With(Tenant).WithController();

    /// <summary>A new <c>-o</c>, for commands that show objects.</summary>
    public static Option<OutputFormat> NewOutput()
    {
        var option = new Option<OutputFormat>("--output", "-o")
        {
            Description = "table, wide, json, yaml (of what can be written: a manifest) or name",
            HelpName = "FORMAT",
            CustomParser = static result =>
            {
                string word = result.Tokens[0].Value;
                if (!int.TryParse(word, out _) && Enum.TryParse(word, ignoreCase: true, out OutputFormat format))
                {
                    return format;
                }

                result.AddError($"'{word}' is not an output format: table, wide, json, yaml or name.");
                return default;
            },
        };
        // The enumeration's names are its own, in capitals.
        option.CompletionSources.Clear();
        option.CompletionSources.Add("table", "wide", "json", "yaml", "name");
        return option;
    }
}

/// <summary>Values of <c>-o</c>.</summary>
internal enum OutputFormat
{
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

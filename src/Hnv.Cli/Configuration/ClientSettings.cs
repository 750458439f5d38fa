using System.CommandLine;

namespace Hnv.Cli.Configuration;

/// <summary>A setting's value, null where nobody set it, and who did: for messages.</summary>
internal sealed record ClientSetting(string Name, string? Value, string From);

/// <summary>
/// How commands reach the controller. Each setting on its own: the option, else the variable, else the file; for the controller's address
/// then the running lab's, then the default. The file is the first of these that there is: <c>--config</c>, <c>HNV_CONFIG</c>,
/// <c>~/.config/hnv/client.yaml</c> (in <c>XDG_CONFIG_HOME</c>, where that is set), <c>/etc/hnv/client.yaml</c>.
/// <code>
///   controller: https://controller.example.net:8640
///   ca: ca.crt                  # PEM files; from the directory of this file, unless they begin with /
///   certificate: admin.crt
///   key: admin.key
///   tenant: blue-corp
/// </code>
/// </summary>
internal sealed record ClientSettings(string? File, ControllerAddress Controller, ClientSetting Ca, ClientSetting Certificate, ClientSetting Key, ClientSetting Tenant)
{
    private const string ControllerName = "controller", CaName = "ca", CertificateName = "certificate", KeyName = "key", TenantName = "tenant";

    /// <summary>For a command line.</summary>
    /// <exception cref="CliException">The file is wrong; all of it, with file and line.</exception>
    public static ClientSettings Of(ParseResult arguments, CliEnvironment environment)
    {
        string? file = FindFile(arguments.GetValue(SharedOptions.Configuration), environment);
        ConfigurationDocument? document = file is null ? null : ConfigurationDocument.Read(file);
        document?.Know(ControllerName, CaName, CertificateName, KeyName, TenantName);
        string? address = document?.Text(ControllerName);
        if (address is not null && !((string[])["http://", "https://", "unix:"]).Any(p => address.StartsWith(p, StringComparison.Ordinal)))
        {
            document!.Add(ControllerName, $"'{address}' is not the address of a controller", "http://HOST:PORT, https://HOST:PORT or unix:PATH");
        }

        ClientSetting Setting(string name, Option<string?> option, string variable, Func<string, string>? read = null)
        {
            string? written = document?.Text(name) is { } text ? read is null ? text : read(text) : null;
            return arguments.GetValue(option) is { } given ? new ClientSetting(name, given, $"from {option.Name}")
                : environment.Variable(variable) is { Length: > 0 } set ? new ClientSetting(name, set, $"from {variable}")
                : written is null ? new ClientSetting(name, null, "not set")
                : new ClientSetting(name, written, $"from {file}");
        }

        string Path(string name, string text)
        {
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                document!.Add(name, "is not a path", "a PEM file");
                return text;
            }

            string path = System.IO.Path.GetFullPath(text, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file!))!);
            if (!System.IO.File.Exists(path))
            {
                document!.Add(name, $"there is no file '{path}'", "a PEM file");
            }

            return path;
        }

        var settings = new ClientSettings(
            file,
            ControllerAddress.Find(arguments.GetValue(SharedOptions.Controller), environment, address, file),
            Setting(CaName, SharedOptions.Ca, "HNV_CA", text => Path(CaName, text)),
            Setting(CertificateName, SharedOptions.Certificate, "HNV_CERT", text => Path(CertificateName, text)),
            Setting(KeyName, SharedOptions.Key, "HNV_KEY", text => Path(KeyName, text)),
            Setting(TenantName, SharedOptions.Tenant, "HNV_TENANT"));
        document?.ThrowIfWrong();

        // An empty --tenant takes back what the file or the variable says: all tenants.
        return settings.Tenant.Value is { Length: 0 } ? settings with { Tenant = settings.Tenant with { Value = null } } : settings;
    }

    private static string? FindFile(string? option, CliEnvironment environment)
    {
        if ((option ?? environment.Variable("HNV_CONFIG")) is { Length: > 0 } named)
        {
            return named;
        }

        string? home = environment.Variable("XDG_CONFIG_HOME") is { Length: > 0 } configuration ? configuration
            : environment.Variable("HOME") is { Length: > 0 } own ? System.IO.Path.Combine(own, ".config")
            : null;
        string?[] places = [home is null ? null : System.IO.Path.Combine(home, "hnv", "client.yaml"), environment.ClientConfiguration];
        return places.FirstOrDefault(System.IO.File.Exists);
    }
}

using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Names of resources and of interfaces.</summary>
public static class NameRules
{
    /// <summary>What a name looks like.</summary>
    public const string Remedy = "use 1 to 63 lower-case letters, digits, '-', '.', '_', with a letter or digit at both ends";

    /// <summary>Whether a resource may have this name.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= ModelLimits.NameLength }
        && IsAlphanumeric(name[0]) && IsAlphanumeric(name[^1])
        && name.All(static c => IsAlphanumeric(c) || c is '-' or '.' or '_');

    /// <summary>What is wrong with the name of a Linux interface (dev_valid_name, and names the kernel's own files use); null if nothing.</summary>
    public static string? InterfaceProblem(string name) => name switch
    {
        "" => "is empty",
        "." or ".." or "all" or "default" or "lo" => $"'{name}' is no name for a port's interface",
        { Length: > ModelLimits.InterfaceNameLength } =>
            $"'{Shorten(name)}' is longer than the {ModelLimits.InterfaceNameLength} characters of an interface name",
        _ when name.Any(static c => c is '/' or ':' or '%' || c <= ' ' || c >= 0x7f) =>
            $"'{name}' has a character that interface names cannot have (white space, '/', ':', '%' or not ASCII)",
        _ => null,
    };

    internal static void Check(Judgement judgement, AppliedChange change, Resource resource)
    {
        if (!IsValid(resource.Name))
        {
            judgement.Add(change, "/name", $"'{Shorten(resource.Name)}' is not a name", Remedy);
        }

        if (resource is TenantResource { Tenant: var tenant } && !IsValid(tenant))
        {
            judgement.Add(change, "/tenant", $"'{Shorten(tenant)}' is not a name", Remedy);
        }
    }

    internal static string Shorten(string? text) => text is { Length: > ModelLimits.NameLength } ? text[..ModelLimits.NameLength] + "…" : text ?? "";

    private static bool IsAlphanumeric(char c) => c is >= 'a' and <= 'z' or >= '0' and <= '9';
}

using System.Globalization;
using Hnv.Api.Resources;
using Hnv.Model.Resources;

namespace Hnv.Controller.Store;

/// <summary>
/// Keys of the state log.
/// <code>
///   /c/head                     the cloud's head: every change of resources writes it, and compares it first
///   /r/KIND/NAME                a resource of the cloud
///   /r/KIND/TENANT/NAME         a resource of a tenant
///   /s/SET/NNNN                 a chunk of a staged change set, not visible until the head names the set
///   /e/HASH                     a one-time token's hash
/// </code>
/// Names hold no slash (validation sees to it), so keys are unambiguous.
/// </summary>
internal static class StoreKeys
{
    public const string Head = "/c/head";
    public const string Resources = "/r/";
    public const string Staged = "/s/";
    public const string Enrollments = "/e/";

    public static string Of(ResourceId id)
    {
        string kind = ResourceKinds.Of(id.Kind).Collection;
        return id.Tenant is { } tenant ? $"{Resources}{kind}/{tenant}/{id.Name}" : $"{Resources}{kind}/{id.Name}";
    }

    public static string StagedSet(string set) => $"{Staged}{set}/";

    public static string Chunk(string set, int number) => $"{Staged}{set}/{number.ToString("d4", CultureInfo.InvariantCulture)}";

    /// <summary>The set that a staged chunk belongs to.</summary>
    public static string SetOf(string chunkKey) => chunkKey[Staged.Length..].Split('/', 2)[0];

    public static string Enrollment(string secretHash) => Enrollments + secretHash;
}

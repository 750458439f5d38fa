namespace Hnv.Controller.Identity;

/// <summary>Who may use an endpoint: metadata that every endpoint must carry.</summary>
internal enum Access
{
    /// <summary>Anybody, also without any identity.</summary>
    Public,

    /// <summary>Administrators.</summary>
    Admin,

    /// <summary>Administrators, and the administrator of the tenant that the path names.</summary>
    OfTenant,

    /// <summary>Administrators, and tenants' administrators: the handler shows or changes only what is theirs.</summary>
    ScopedToTenant,

    /// <summary>Administrators, and the host that the path names.</summary>
    OfHost,
}

/// <summary>Puts an <see cref="Access"/> on an endpoint.</summary>
internal sealed record AccessMetadata(Access Access);

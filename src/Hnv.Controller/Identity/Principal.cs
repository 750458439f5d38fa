namespace Hnv.Controller.Identity;

/// <summary>Who makes a request.</summary>
internal abstract record Principal
{
    private Principal()
    {
    }

    /// <summary>May do everything.</summary>
    public sealed record Admin : Principal
    {
        public override string ToString() => "admin";
    }

    /// <summary>May do everything within one tenant.</summary>
    public sealed record TenantAdmin(string Tenant) : Principal
    {
        public override string ToString() => $"tenant:{Tenant}";
    }

    /// <summary>May see everything, and change nothing.</summary>
    /// <param name="User">Number of the user of this machine.</param>
    public sealed record Reader(uint User) : Principal
    {
        public override string ToString() => $"user {User} of this machine, who may only read,";
    }

    /// <summary>A machine that runs the agent: reaches what is its own.</summary>
    public sealed record Host(string Name) : Principal
    {
        public override string ToString() => $"host:{Name}";
    }

    /// <summary>Showed nothing.</summary>
    public sealed record Anonymous : Principal
    {
        public override string ToString() => "anonymous";
    }

    public static Principal Administrator { get; } = new Admin();

    public static Principal Nobody { get; } = new Anonymous();
}

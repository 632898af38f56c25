namespace Ashlar.Kernels;

/// <summary>
/// A register of floats. A kernel's loop is written once over this and compiled for each width; the scalar form beside it
/// defines what it computes. Every member is one instruction, or a short sequence, on hardware that has the width.
/// </summary>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(ref readonly float source);

    static abstract void Store(TSelf value, ref float destination);

    static abstract TSelf Add(TSelf left, TSelf right);

    static abstract TSelf Subtract(TSelf left, TSelf right);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    static abstract TSelf Divide(TSelf left, TSelf right);

    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>left * right + addend, fused where the hardware fuses.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf Exp(TSelf value);

    /// <summary>exp of values at or below 0, within two units of the last place, in half the time; 0 below -87.</summary>
    static abstract TSelf ExpBelowZero(TSelf value);

    /// <summary><paramref name="ifNegative"/> in the lanes whose <paramref name="sign"/> is below zero, else the other.</summary>
    static abstract TSelf SelectNegative(TSelf sign, TSelf ifNegative, TSelf otherwise);

    static abstract float Sum(TSelf value);

    static abstract float Largest(TSelf value);

    /// <summary>Whether a lane of <paramref name="value"/> is above its lane of <paramref name="bound"/>; NaN is above nothing.</summary>
    static abstract bool AnyAbove(TSelf value, TSelf bound);
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>16 floats in a 512-bit register.</summary>
internal readonly struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    public static Lanes512 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref readonly float source) => new(Vector512.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 left, Lanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 left, Lanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 left, Lanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 left, Lanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Vector512.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 left, Lanes512 right, Lanes512 addend) =>
        new(Vector512.MultiplyAddEstimate(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Exp(Lanes512 value) => new(Vector512.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ExpBelowZero(Lanes512 value)
    {
        Vector512<float> x = value._value;
        Vector512<float> shifted = Vector512.MultiplyAddEstimate(x, Vector512.Create(FloatExp.Log2E), Vector512.Create(FloatExp.Rounder));
        Vector512<float> power = shifted - Vector512.Create(FloatExp.Rounder);
        Vector512<float> r = Vector512.MultiplyAddEstimate(power, Vector512.Create(-FloatExp.Ln2High), x);
        r = Vector512.MultiplyAddEstimate(power, Vector512.Create(-FloatExp.Ln2Low), r);
        Vector512<float> p = Vector512.MultiplyAddEstimate(Vector512.Create(FloatExp.C6), r, Vector512.Create(FloatExp.C5));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(FloatExp.C4));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(FloatExp.C3));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(FloatExp.C2));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(FloatExp.C1));
        p = Vector512.MultiplyAddEstimate(p, r * r, r) + Vector512<float>.One;
        // The low bits of the shifted value are the power of two: they go to the exponent.
        Vector512<float> result = (p.AsInt32() + Vector512.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
        return new(Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(FloatExp.Smallest)), Vector512<float>.Zero, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SelectNegative(Lanes512 sign, Lanes512 ifNegative, Lanes512 otherwise) =>
        new(Vector512.ConditionalSelect(
            Vector512.LessThan(sign._value, Vector512<float>.Zero), ifNegative._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 value) => Vector512.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes512 value) => Lanes256.Largest(new Lanes256(Vector256.Max(value._value.GetLower(), value._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAbove(Lanes512 value, Lanes512 bound) => Vector512.GreaterThanAny(value._value, bound._value);
}
